"""x"""
def publish(client, number): pass
